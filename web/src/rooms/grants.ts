// What an account may do, as it is asked for and sent.
import type { Class, Role } from "../api/wire";

export interface GrantsOf {
  role: Role;
  clearance: Class;
  groups: string[];
}

export const ROLES: Role[] = ["user", "administrator", "auditor", "data-protection-officer"];
export const CLASSES: Class[] = ["public", "internal", "personal", "sensitive", "restricted"];

/** What a new account may do unless somebody says more. */
export function nothingMore(): GrantsOf {
  return { role: "user", clearance: "public", groups: [] };
}

/** Groups as they are written in one field. */
export function groupsIn(text: string): string[] {
  return [...new Set(text.split(/[,;\n]/).map((one) => one.trim()).filter((one) => one !== ""))];
}
