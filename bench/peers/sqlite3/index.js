// The part of the sqlite3 driver that emmett-sqlite calls, over node:sqlite. Answers come in a later turn, as the driver's do.
'use strict';
const { DatabaseSync } = require('node:sqlite');

// The parameters may be left out, with the callback in their place.
function taken(parameters, callback) {
  return typeof parameters === 'function'
    ? { values: [], then: parameters }
    : { values: (parameters ?? []).map(plain), then: callback };
}

function plain(value) {
  if (typeof value === 'boolean') return value ? 1 : 0;
  // The driver binds what it does not know as text; emmett gives it an object in one place.
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) return String(value);
  return value === undefined ? null : value;
}

class Database {
  #db;
  #statements = new Map();

  constructor(file) {
    this.#db = new DatabaseSync(file);
  }

  #answer(callback, work) {
    let error = null;
    let result;
    try {
      result = work();
    } catch (caught) {
      error = caught;
    }
    setImmediate(() =>
      callback?.call({ changes: result?.changes ?? 0, lastID: Number(result?.lastInsertRowid ?? 0) }, error, result),
    );
    return this;
  }

  #prepared(sql) {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  run(sql, parameters, callback) {
    const { values, then } = taken(parameters, callback);
    return this.#answer(then, () => this.#prepared(sql).run(...values));
  }

  all(sql, parameters, callback) {
    const { values, then } = taken(parameters, callback);
    return this.#answer(then, () => this.#prepared(sql).all(...values));
  }

  get(sql, parameters, callback) {
    const { values, then } = taken(parameters, callback);
    return this.#answer(then, () => this.#prepared(sql).get(...values));
  }

  exec(sql, callback) {
    return this.#answer(callback, () => {
      this.#db.exec(sql);
    });
  }

  close(callback) {
    return this.#answer(callback, () => {
      this.#db.close();
    });
  }
}

module.exports = { Database, OPEN_URI: 64, OPEN_READWRITE: 2, OPEN_CREATE: 4 };
