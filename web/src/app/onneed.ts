// Parts of the page that are loaded when they are needed first. Where that fails for want of a connection, it is tried again
// once there is one.

/** Loads a part; waits for a connection where there is none. */
export async function onNeed<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    if (navigator.onLine) throw error;
    await new Promise((done) => window.addEventListener("online", done, { once: true }));
    return load();
  }
}
