// The live stream: one EventSource, watched, and begun anew whenever its word cannot be trusted.

const SILENCE_MS = 15_000; // three of the server's heartbeats
const LONGEST_WAIT_MS = 20_000;

/**
 * Follows a stream for good.
 *
 * `on.event(name, message)` gets each message; it answers false when the stream has a hole.
 * `on.state(state, why)` gets `connecting`, `live` or `lost`.
 */
export class Stream {
  #source = null;
  #retry = 0;
  #failures = 0;
  #heard = 0;

  constructor(url, on) {
    this.url = url;
    this.on = on;
    setInterval(() => this.#watch(), 1000);
    this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#heard = performance.now();
    this.#source = new EventSource(this.url);
    this.#source.onerror = () => this.#failed();
    for (const name of ['hello', 'snapshot', 'delta', 'fault', 'bookmark', 'gap', 'resync', 'bye']) {
      this.#source.addEventListener(name, (event) => this.#take(name, JSON.parse(event.data)));
    }
  }

  #take(name, message) {
    this.#heard = performance.now();
    if (name === 'bye') return this.#bye(message);
    if (name === 'gap') return this.#again('a message was missing');
    if (this.on.event(name, message) === false) return this.#again('a message was missing');
    this.#failures = 0;
    this.on.state('live');
  }

  #bye({ reason, after_ms: after }) {
    this.#source.close();
    this.#later(after ?? 1000, reason ?? 'the server is closing');
  }

  /** A new EventSource sends no Last-Event-ID, so it gets a whole snapshot. */
  #again(why) {
    this.#source.close();
    this.#later(200 + Math.random() * 800, why);
  }

  #failed() {
    if (this.#source.readyState === EventSource.CLOSED) {
      // A refusal (503 from a proxy, say) ends an EventSource for good.
      this.#failures += 1;
      const most = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** this.#failures);
      this.#later(500 + Math.random() * most, 'the server refuses');
    } else {
      this.on.state('lost', 'no connection');
    }
  }

  #later(wait, why) {
    this.on.state('lost', why);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), wait);
  }

  #watch() {
    const open = this.#source.readyState === EventSource.OPEN;
    if (open && performance.now() - this.#heard > SILENCE_MS) this.#again('silence');
  }
}
