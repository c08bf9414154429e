// Which rooms there are, and who may enter.
import type { Role } from "../api/wire";

export type RoomName = "setup" | "documents" | "users" | "keys" | "places" | "usage" | "limits" | "explain" | "ledger" | "records";

export const DOORS: Record<RoomName, Role[]> = {
  setup: ["administrator"],
  documents: ["administrator"],
  users: ["administrator", "auditor"],
  keys: ["administrator", "auditor"],
  places: ["administrator"],
  usage: ["administrator"],
  limits: ["administrator", "auditor"],
  explain: ["user", "administrator", "auditor", "data-protection-officer"],
  ledger: ["administrator", "auditor", "data-protection-officer"],
  records: ["auditor", "data-protection-officer"],
};

/** The rooms that a role may enter, in their order. */
export function roomsOf(role: Role): RoomName[] {
  return (Object.keys(DOORS) as RoomName[]).filter((room) => DOORS[room].includes(role));
}

/** The room that a path names. */
export function roomAt(path: string): RoomName | null {
  const name = /^\/admin\/([a-z]+)$/.exec(path)?.[1];
  return name !== undefined && Object.hasOwn(DOORS, name) ? (name as RoomName) : null;
}
