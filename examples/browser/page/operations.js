// The operations of the page: requests to the worker, one at a time.

/**
 * Starts the worker, in which the component runs. It is started from a `blob:` URL, because such a
 * worker inherits the Content-Security-Policy of the page.
 */
function startWorker() {
  const script = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

/** The client of the worker. */
export class Operations {
  #worker = startWorker();

  /** Waits until the worker can run operations. */
  async start() {
    await new Promise((resolve, reject) => {
      this.#worker.onmessage = resolve;
      this.#worker.onerror = () => reject(new Error("the component cannot be loaded"));
    });
  }

  /** Runs a request. Returns the summary, or throws the failure; see `worker.js`. */
  run(request, { onProgress, onRows }) {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data: message }) => {
        if (message.type === "progress") {
          onProgress(message);
        } else if (message.type === "rows") {
          onRows(message.rows);
        } else if (message.failure === undefined) {
          resolve(message.summary);
        } else {
          reject(message.failure);
        }
      };
      this.#worker.onerror = ({ message }) =>
        reject({ code: "io", message: `the page failed: ${message}; reload it` });
      this.#worker.postMessage(request);
    });
  }

  /** Cancels the running request. */
  cancel() {
    this.#worker.postMessage({ verb: "cancel" });
  }
}
