// One resource of the API, fetched again when there is reason to, shown until the next one is here.

import { signal } from './lib.js';

/** Fetch once; a problem document becomes an Error with its title. */
export async function get(path, abort) {
  const answer = await fetch(path, { signal: abort, headers: { accept: 'application/json' } });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  throw new Error(body?.title ?? `${answer.status} ${answer.statusText}`);
}

/** The latest document at a path, and what is wrong if it could not be had. One request at a time. */
export class Resource {
  body = signal(null);
  problem = signal(null);
  #path = null;
  #abort = null;
  #again = false;

  /** Another path forgets the document; the same path fetches it anew. */
  want(path) {
    if (path !== this.#path) {
      this.#abort?.abort();
      this.#abort = null;
      this.#path = path;
      this.body.value = null;
      this.problem.value = null;
    }
    if (path === null) return;
    if (this.#abort) this.#again = true;
    else this.#fetch(path);
  }

  async #fetch(path) {
    const abort = new AbortController();
    this.#abort = abort;
    this.#again = false;
    try {
      const body = await get(path, abort.signal);
      if (abort.signal.aborted) return;
      this.body.value = body;
      this.problem.value = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.problem.value = error.message;
    }
    this.#abort = null;
    if (this.#again) this.#fetch(path);
  }
}
