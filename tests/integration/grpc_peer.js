// grpc-js as a server (`server`, as grpc_app.py) and as a client (`client ADDRESS`, which prints what
// it saw as JSON). Without a schema: messages are bytes.
'use strict';
const fs = require('fs');
const grpc = require('@grpc/grpc-js');

const same = (bytes) => bytes;
const say = (...words) => console.log(...words);

// ---- the server ----

function method(path, requestStream, responseStream) {
  return {path, requestStream, responseStream, requestSerialize: same, requestDeserialize: same,
          responseSerialize: same, responseDeserialize: same};
}

function unary(call, callback) {
  const text = call.request.subarray(0, 100).toString();
  say('unary', text.slice(0, 20));
  const trailer = new grpc.Metadata();
  for (const value of call.metadata.get('x-ask')) {
    const head = new grpc.Metadata();
    head.set('x-answer', value);
    call.sendMetadata(head);
    trailer.set('x-trailer', value);
  }
  if (text.startsWith('status ')) {
    const [, code, ...words] = text.split(' ');
    return callback({code: Number(code), details: words.join(' ')});
  }
  if (text !== 'hold') return callback(null, call.request, trailer);
  const gate = setInterval(() => {
    if (!call.cancelled && !fs.existsSync(`${process.env.FLAGS}/go`)) return;
    clearInterval(gate);
    callback(null, call.request);
  }, 5);
}

function count(call) {
  for (let i = 0; i < Number(call.request.toString()); ++i) call.write(Buffer.from(String(i)));
  call.end();
}

function total(call, callback) {
  let bytes = 0;
  call.on('data', (request) => { bytes += request.length; });
  call.on('end', () => callback(null, Buffer.from(String(bytes))));
}

function echo(call) {
  call.on('data', (request) => call.write(Buffer.concat([Buffer.from('echo '), request])));
  call.on('end', () => call.end());
}

function wait(call) {
  say('waiting');
  call.on('cancelled', () => say('cancelled'));
  call.write(Buffer.from('begun'));
}

function serve() {
  const server = new grpc.Server({'grpc.max_receive_message_length': -1});
  server.addService({
    Unary: method('/t.Test/Unary', false, false), Count: method('/t.Test/Count', false, true),
    Total: method('/t.Test/Total', true, false), Echo: method('/t.Test/Echo', true, true),
    Wait: method('/t.Test/Wait', false, true),
  }, {Unary: unary, Count: count, Total: total, Echo: echo, Wait: wait});
  server.addService({Check: method('/grpc.health.v1.Health/Check', false, false)},
                    {Check: (call, callback) => callback(null, Buffer.from([8, 1]))});
  server.bindAsync(`127.0.0.1:${process.env.PORT}`, grpc.ServerCredentials.createInsecure(),
                   (error, port) => {
                     if (error) throw error;
                     say(`listening on 127.0.0.1:${port}`);
                   });
}

// ---- the client ----

const inTime = () => ({deadline: Date.now() + 60000});
const bytes = (text) => Buffer.from(text);

class Peer {
  constructor(address) {
    this.client = new grpc.Client(address, grpc.credentials.createInsecure(),
                                  {'grpc.max_receive_message_length': -1, 'grpc.enable_retries': 0});
  }

  // {code, answer, head, trailers} of a call of one message each way.
  unary(message, metadata = new grpc.Metadata(), options = inTime()) {
    return new Promise((done) => {
      const seen = {};
      const call = this.client.makeUnaryRequest('/t.Test/Unary', same, same, message, metadata,
                                                options, (error, answer) => { seen.answer = answer; });
      call.on('metadata', (head) => { seen.head = head.get('x-answer'); });
      call.on('status', (status) => {
        setImmediate(() => done({...seen, code: status.code, details: status.details,
                                 trailers: status.metadata.get('x-trailer')}));
      });
    });
  }

  count(number) {
    return new Promise((done, fail) => {
      const seen = [];
      const call = this.client.makeServerStreamRequest('/t.Test/Count', same, same,
                                                       bytes(String(number)), inTime());
      call.on('data', (answer) => seen.push(Number(answer.toString())));
      call.on('error', fail);
      call.on('end', () => done(seen));
    });
  }

  total(count, size) {
    return new Promise((done, fail) => {
      const call = this.client.makeClientStreamRequest(
          '/t.Test/Total', same, same, inTime(),
          (error, answer) => (error ? fail(error) : done(Number(answer.toString()))));
      for (let i = 0; i < count; ++i) call.write(Buffer.alloc(size));
      call.end();
    });
  }

  // Each message waits for the answer to the one before.
  pingPong(rounds) {
    return new Promise((done, fail) => {
      const seen = [];
      const call = this.client.makeBidiStreamRequest('/t.Test/Echo', same, same, inTime());
      call.on('data', (answer) => {
        seen.push(answer.toString());
        if (seen.length < rounds) call.write(bytes(String(seen.length)));
        else call.end();
      });
      call.on('error', fail);
      call.on('end', () => done(seen));
      call.write(bytes('0'));
    });
  }

  cancelled() {
    return new Promise((done) => {
      const call = this.client.makeServerStreamRequest('/t.Test/Wait', same, same, bytes(''),
                                                       inTime());
      call.on('data', () => call.cancel());
      call.on('error', (error) => done(error.code));
    });
  }
}

async function ask(address) {
  const peer = new Peer(address);
  const large = Buffer.alloc(3000000, 7);
  const echoed = [];
  for (const message of [bytes(''), bytes('x'), large]) {
    echoed.push(message.equals((await peer.unary(message)).answer));
  }
  const metadata = new grpc.Metadata();
  metadata.set('x-ask', 'abc');
  const told = await peer.unary(bytes('x'), metadata);
  const failed = await peer.unary(bytes('status 5 no such digit'));
  const late = await peer.unary(bytes('hold'), new grpc.Metadata(), {deadline: Date.now() + 500});
  const counted = await peer.count(1000);
  const rounds = await peer.pingPong(50);
  const seen = {
    echoed, head: told.head, trailers: told.trailers, failed: [failed.code, failed.details],
    late: late.code, counted: counted.every((number, i) => number === i) && counted.length,
    total: await peer.total(200, 10000),
    rounds: rounds.every((text, i) => text === `echo ${i}`) && rounds.length,
    cancelled: await peer.cancelled(),
  };
  console.log(JSON.stringify(seen));
  peer.client.close();
}

if (process.argv[2] === 'server') serve();
else ask(process.argv[3]);
