// A web server for the page, on the loopback interface.

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** The page, as `make browser` builds it. */
const PAGE = fileURLToPath(new URL("../../../target/browser", import.meta.url));

const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };

/** Serves the page. Returns the server and the address of the page. */
export async function servePage() {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = join(PAGE, path === "/" ? "index.html" : path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://localhost:${server.address().port}/` };
}
