// Preloaded into the conformance suite: what would listen anywhere listens on one of these ports, so that our server's
// settings can name them; and what is closed hangs up on connections that are kept open, which it else waits a minute for.
const net = require("node:net");
const http = require("node:http");

const ports = process.env.FIXED_PORTS.split(",").map(Number);
let next = 0;

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  const [where] = given;
  if (where === 0) given[0] = ports[next++ % ports.length];
  else if (where?.port === 0) given[0] = { ...where, port: ports[next++ % ports.length] };
  return listen.apply(this, given);
};

const close = http.Server.prototype.close;
http.Server.prototype.close = function (...given) {
  const closed = close.apply(this, given);
  this.closeAllConnections();
  return closed;
};
