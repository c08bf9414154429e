// Something that a room asks the server: what came back, or why not.
import { asFailure, type Failure } from "../api/client";

export class Asked<Value> {
  value = $state.raw<Value | null>(null);
  failure = $state.raw<Failure | null>(null);
  loading = $state(false);
  readonly #load: () => Promise<Value>;

  constructor(load: () => Promise<Value>) {
    this.#load = load;
  }

  load = async (): Promise<void> => {
    this.loading = true;
    this.failure = null;
    try {
      this.value = await this.#load();
    } catch (error) {
      this.failure = asFailure(error);
    } finally {
      this.loading = false;
    }
  };
}
