// Timers without the delays of a browser.
//
// The translated component waits with `setTimeout` whenever it has yielded: 0 or 10 milliseconds,
// of which a browser makes at least 4 in a row of timers. It yields every few files, so that most
// of the time of an operation would be such waits. A timer that a message has started is not in a
// row.

/** The milliseconds after which the component looks again whether the browser has answered. */
const LOOK_AGAIN = 1;

const channel = new MessageChannel();
const waiting = [];
const { setTimeout: startTimer } = globalThis;

channel.port1.onmessage = () => {
  const { callback, delay } = waiting.shift();
  if (delay > 0) {
    startTimer(callback, LOOK_AGAIN);
  } else {
    callback();
  }
};

globalThis.setTimeout = (callback, delay = 0) => {
  waiting.push({ callback, delay });
  channel.port2.postMessage(undefined);
};
