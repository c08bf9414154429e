// What a screen reader is told, once and politely: an answer has ended, a text was copied. Errors speak for themselves (role="alert").
class Announcer {
  text = $state("");

  say(text: string): void {
    this.text = "";
    setTimeout(() => (this.text = text), 60);
  }
}

export const announcer = new Announcer();
