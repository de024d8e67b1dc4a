// Served as /client.js; its types are client.d.ts.
export { LiveStream } from "./stream";
