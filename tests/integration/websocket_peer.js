// The `ws` of Node.js for tests, as a server or as a client that says in JSON what it saw.
//   websocket_peer.js server          echoes, from a free port
//   websocket_peer.js client URL [CA] large, empty and fragmented messages, a ping, a close
'use strict';
const fs = require('fs');
const http = require('http');
const { WebSocket, WebSocketServer } = require('ws');

function serve() {
  const server = http.createServer((request, response) => {
    response.writeHead(request.url === '/v2/health/ready' ? 200 : 404);
    response.end();
  });
  new WebSocketServer({ server, maxPayload: 64 << 20 }).on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  server.listen(0, '127.0.0.1', () => {
    console.log(`listening on 127.0.0.1:${server.address().port}`);
  });
}

function ask(url, caFile) {
  const seen = { messages: [], pong: null, code: null, reason: null };
  const socket = new WebSocket(url, { ca: caFile && fs.readFileSync(caFile) });
  const large = Buffer.alloc(5 << 20, 'large ');
  const sent = [Buffer.from('hello'), Buffer.alloc(0), large, Buffer.from('one two three')];
  socket.on('open', () => {
    socket.send(sent[0]);
    socket.send(sent[1]);
    socket.send(sent[2]);
    socket.send('one ', { fin: false, binary: true });
    socket.send('two ', { fin: false });
    socket.send('three', { fin: true });
    socket.ping('are you there');
  });
  socket.on('pong', (data) => { seen.pong = data.toString(); });
  socket.on('message', (data) => {
    seen.messages.push(data.equals(sent[seen.messages.length]));
    if (seen.messages.length === sent.length) socket.close(4002, 'enough');
  });
  socket.on('error', (error) => { seen.error = error.message; });
  socket.on('close', (code, reason) => {
    seen.code = code;
    seen.reason = reason.toString();
    console.log(JSON.stringify(seen));
  });
}

if (process.argv[2] === 'server') serve();
else ask(process.argv[3], process.argv[4]);
