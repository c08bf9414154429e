// Files on their way into a collection: sent one after the other, folders with all they hold; one that is refused stops no other.
import { ask, asFailure } from "../api/client";
import type { Class } from "../api/wire";
import { plainName } from "../markdown/links";

export interface Refused {
  name: string;
  reason: string;
}

/** The most files of one go. */
const MOST = 5_000;

export class Intake {
  all = $state(0);
  done = $state(0);
  refused = $state.raw<Refused[]>([]);
  busy = $derived(this.done < this.all);

  /** Sends files into a store; each gets this label at least, where one is named. */
  async send(store: string, files: File[], label?: Class): Promise<void> {
    this.all += files.length;
    for (const file of files) {
      try {
        const form = new FormData();
        form.append("purpose", "assistants");
        form.append("file", file, file.name);
        const { id } = await ask<{ id: string }>("v1/files", { form, headers: label ? { "x-trousseau-label": label } : {} });
        await ask(`v1/vector_stores/${store}/files`, { json: { file_id: id } });
      } catch (error) {
        const failure = asFailure(error);
        this.refused = [...this.refused, { name: plainName(file.webkitRelativePath || file.name), reason: failure.body?.message ?? failure.code }];
      }
      this.done += 1;
    }
  }
}

/** The files of what was dropped, folders opened. */
export async function dropped(items: DataTransferItemList): Promise<File[]> {
  const files: File[] = [];
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const open = async (entry: FileSystemEntry): Promise<void> => {
    if (files.length >= MOST) return;
    if (entry.isFile) {
      files.push(await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail)));
    } else if (entry.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
        if (some.length === 0) break;
        for (const one of some) await open(one);
      }
    }
  };
  for (const entry of entries) await open(entry);
  return files;
}
