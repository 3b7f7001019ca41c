import net from "node:net";
import { after } from "node:test";
import { commandOf, createFraming, createStatementReader, isEncryptionRequest, typeOf } from "./wire.ts";

/** A statement on its way to the server. */
export interface Statement {
  text: string;
  /** From 1, over all connections since the proxy began. */
  number: number;
  /** Of a COMMIT (or END): the how manieth, from 1. */
  commit: number | undefined;
}

/**
 * When the connection is cut:
 * `before` the server gets the statement, so nothing happened;
 * `sent`: the server has it and nobody waits for the answer;
 * `after` the server answered: it has happened for certain, and the client does not hear of it.
 */
export type Moment = "before" | "sent" | "after";

export interface Cut extends Statement {
  moment: Moment;
  /** Of a cut `after`: what the server had answered: `COMMIT`, `ROLLBACK`, `INSERT 0 1`, or `error`. */
  answer?: string;
}

export interface FaultProxy {
  /** The connection string that leads through the proxy. */
  url: string;
  statements: number;
  commits: number;
  cuts: Cut[];
  /** Asked for each statement; what it returns is done. One plan at a time; `undefined` lets all pass. */
  plan(decide: ((statement: Statement) => Moment | undefined) | undefined): void;
  /** Cuts once: at the n-th statement from now that matches. Resolves when it is done. */
  cut(fault: { at: "commit" | RegExp; nth?: number; moment: Moment }): Promise<Cut>;
  /** Added to each message in each direction, from now on. */
  delay(ms: number): void;
  /** Ends one direction of all open connections, the other stays open. */
  halfClose(towards: "client" | "server"): void;
  /** Cuts all connections and refuses new ones until false. */
  away(isAway: boolean): void;
  /** Cuts all connections. */
  cutAll(): void;
  close(): Promise<void>;
}

/**
 * A TCP proxy before PostgreSQL that loses connections at chosen statements: what a network does, at the worst moment.
 * Cutting after COMMIT was done and before its answer arrived is the case that no retry can guess right.
 */
export async function faultProxy(databaseUrl: string): Promise<FaultProxy> {
  let close = async () => {};
  after(() => close());
  const upstream = addressOf(databaseUrl);
  const connections = new Set<Connection>();
  let decide: ((statement: Statement) => Moment | undefined) | undefined;
  let isAway = false;
  let delayMs = 0;

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (isAway) {
      client.destroy();
      return;
    }
    const connection = connect(client, upstream, {
      delayMs: () => delayMs,
      onStatement(text) {
        proxy.statements++;
        const isCommit = /^\s*(commit|end)\b/i.test(text);
        if (isCommit) proxy.commits++;
        const statement = { text, number: proxy.statements, commit: isCommit ? proxy.commits : undefined };
        const moment = decide?.(statement);
        return moment ? { ...statement, moment } : undefined;
      },
      onCut: (cut) => {
        proxy.cuts.push(cut);
        for (const waiting of [...waiters]) waiting(cut);
      },
      onEnd: () => connections.delete(connection),
    });
    connections.add(connection);
  });
  const waiters = new Set<(cut: Cut) => void>();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));

  const proxy: FaultProxy = {
    url: throughProxy(databaseUrl, (server.address() as net.AddressInfo).port),
    statements: 0,
    commits: 0,
    cuts: [],
    plan(next) {
      decide = next;
    },
    cut({ at, nth = 1, moment }) {
      let left = nth;
      const isWanted = (statement: Statement) =>
        (at === "commit" ? statement.commit !== undefined : at.test(statement.text)) && --left === 0;
      decide = (statement) => (isWanted(statement) ? moment : undefined);
      return new Promise((done) => {
        const waiting = (cut: Cut) => {
          waiters.delete(waiting);
          done(cut);
        };
        waiters.add(waiting);
      });
    },
    delay(ms) {
      delayMs = ms;
    },
    halfClose(towards) {
      for (const connection of connections) connection.halfClose(towards);
    },
    away(next) {
      isAway = next;
      if (next) proxy.cutAll();
    },
    cutAll() {
      for (const connection of [...connections]) connection.destroy();
    },
    async close() {
      proxy.cutAll();
      if (server.listening) await new Promise((done) => server.close(done));
    },
  };
  close = proxy.close;
  return proxy;
}

interface Connection {
  halfClose(towards: "client" | "server"): void;
  destroy(): void;
}

interface Watch {
  delayMs(): number;
  onStatement(text: string): Cut | undefined;
  onCut(cut: Cut): void;
  onEnd(): void;
}

function connect(client: net.Socket, upstream: net.NetConnectOpts, watch: Watch): Connection {
  const server = net.connect({ ...upstream, allowHalfOpen: true, noDelay: true });
  const toServer = createPath(client, server, watch.delayMs);
  const toClient = createPath(server, client, watch.delayMs);
  const framesOfClient = createFraming({ startsWithoutType: true });
  const framesOfServer = createFraming({ startsWithoutType: false });
  const statementOf = createStatementReader();
  /** The cut that is under way: decided, not yet done. */
  let pending: Cut | undefined;
  let isDone = false;

  function finish(cut?: Cut): void {
    if (isDone) return;
    isDone = true;
    client.destroy();
    server.destroy();
    watch.onEnd();
    if (cut) watch.onCut(cut);
  }

  client.on("data", (chunk) => {
    for (const message of framesOfClient(chunk)) {
      if (isDone) return;
      if (isEncryptionRequest(message)) {
        client.write("N");
        continue;
      }
      const text = statementOf(message);
      if (text !== undefined && !pending) pending = watch.onStatement(text);
      if (pending?.moment === "before") {
        finish(pending);
        return;
      }
      toServer.send(message);
      // A statement with parameters is complete, and committed where it stands alone, only with its Sync.
      if (pending?.moment === "sent" && ["Q", "S"].includes(typeOf(message))) {
        const cut = pending;
        client.destroy();
        toServer.end(() => finish(cut));
        return;
      }
    }
  });
  server.on("data", (chunk) => {
    for (const message of framesOfServer(chunk)) {
      if (pending?.moment !== "after") {
        toClient.send(message);
        continue;
      }
      // Nothing of the answer goes on. ReadyForQuery comes last: by then it has happened.
      if (typeOf(message) === "C") pending.answer = commandOf(message);
      if (typeOf(message) === "E") pending.answer = "error";
      if (typeOf(message) === "Z") {
        finish(pending);
        return;
      }
    }
  });
  client.on("end", () => toServer.end());
  server.on("end", () => toClient.end());
  for (const socket of [client, server]) {
    socket.on("error", () => finish());
    socket.on("close", () => (pending ? undefined : finish()));
  }
  return {
    halfClose: (towards) => (towards === "client" ? toClient.end() : toServer.end()),
    destroy: () => finish(),
  };
}

/** One direction: in order, each message late by the delay, and no faster than the receiver reads. */
function createPath(from: net.Socket, to: net.Socket, delayMs: () => number) {
  let last: Promise<void> | undefined;
  const inOrder = (work: () => void): void => {
    const ms = delayMs();
    if (ms === 0 && !last) {
      work();
      return;
    }
    const due = new Promise((done) => setTimeout(done, ms));
    const turn: Promise<void> = Promise.all([due, last]).then(() => {
      work();
      if (last === turn) last = undefined;
    });
    last = turn;
  };
  return {
    send(message: Buffer): void {
      inOrder(() => {
        if (to.destroyed || to.writableEnded) return;
        if (to.write(message)) return;
        from.pause();
        to.once("drain", () => from.resume());
      });
    },
    end(done?: () => void): void {
      inOrder(() => {
        if (to.destroyed || to.writableEnded) done?.();
        else to.end(done);
      });
    },
  };
}

/** `host` in the query names the folder of a unix socket. */
function addressOf(databaseUrl: string): net.NetConnectOpts {
  const url = new URL(databaseUrl);
  const host = url.searchParams.get("host") ?? url.hostname;
  const port = Number(url.searchParams.get("port") ?? (url.port || 5432));
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function throughProxy(databaseUrl: string, port: number): string {
  const url = new URL(databaseUrl);
  url.searchParams.delete("host");
  url.searchParams.delete("port");
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return url.href;
}
