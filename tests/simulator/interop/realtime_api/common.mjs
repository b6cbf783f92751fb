// Shared by the scripts: the package, one line per fact, time limits, and a record of the methods used.

import { createRequire } from 'node:module'
import { inspect, isDeepStrictEqual } from 'node:util'

// The package is installed outside of the repository: see realtime_api.sh.
export const { SignalWire, Voice } = createRequire(`${process.env.PACKAGES}/`)('@signalwire/realtime-api')

// No step takes longer than this in real time, at the speeds that realtime_api.sh gives.
const LIMIT = 20_000

// Longer than any script takes; the runner kills the process later.
const WATCHDOG = 120_000

class Wrong extends Error {}

// Prints one fact, and throws if it is wrong.
export function expect(what, actual, expected) {
  const right = isDeepStrictEqual(actual, expected)
  console.log(`${right ? 'ok ' : 'BAD'} ${what}: ${inspect(actual, { breakLength: Infinity })}`)
  if (!right) throw new Wrong(`${what}: expected ${inspect(expected)}, got ${inspect(actual)}`)
}

// Waits for a promise for at most LIMIT.
export function limited(what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Wrong(`${what} does not finish within ${LIMIT / 1000} s`)), LIMIT)
    // The connection keeps the process alive, not the timer: some waits are given up.
    timer.unref()
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// Waits until the service refuses a request, and checks the code.
export async function refused(what, code, promise) {
  let refusal
  await limited(what, promise.then(() => {}, (error) => (refusal = error)))
  expect(what, refusal?.code, code)
}

// A promise with the function that resolves it.
export function deferred() {
  let resolve
  const promise = new Promise((done) => (resolve = done))
  return { promise, resolve }
}

// Warnings and errors that the package logs.
export const complaints = []
const complain = (...words) => complaints.push(words.map((word) => (word?.message ?? word)).join(' '))
const quiet = () => {}
const logger = { trace: quiet, debug: quiet, info: quiet, warn: complain, error: complain }

// Connects a client, with the public host option and TLS trust from NODE_EXTRA_CA_CERTS.
export function connect(options = {}) {
  const host = process.env.SIGNALWIRE_SPACE
  return limited('connect', SignalWire({ host, project: 'demo-project', token: 'demo-token', logger, ...options }))
}

// The name of the session of a client, which the package does not make public.
export const protocolOf = (client) => client.client.store.getState().session.protocol

const TRACED = ['Call', 'CallPlayback', 'CallPrompt', 'CallCollect', 'CallRecording', 'CallTap', 'CallDetect']
const kinds = new Map()
const used = new Set()

// Wraps a call or an action: notes its methods as they are used, and gives each a time limit.
export function traced(target) {
  const kind = target?.constructor
  if (!TRACED.includes(kind?.name)) return target
  kinds.set(kind.name, kind)
  return new Proxy(target, {
    get(_, name) {
      const value = target[name]
      if (typeof value !== 'function') return traced(value)
      return (...parameters) => {
        const what = `${kind.name}.${name}`
        used.add(what)
        const result = value.apply(target, parameters)
        if (!(result instanceof Promise)) return traced(result)
        if (!result.onStarted) return limited(what, result).then(traced)
        // An operation: a promise of its end that also knows its start. Only what the script waits for has a time limit.
        result.catch(quiet)
        return {
          then: (...handlers) => limited(what, result).then(traced).then(...handlers),
          onStarted: () => limited(`${what} (start)`, result.onStarted()).then(traced),
        }
      }
    },
  })
}

// The public methods of calls and actions that no step used.
export function unused(exceptions) {
  expect('kinds of objects', [...kinds.keys()].sort(), [...TRACED].sort())
  const all = [...kinds].flatMap(([name, { prototype }]) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([, { value }]) => typeof value === 'function' && value !== prototype.constructor)
      .map(([method]) => `${name}.${method}`)
      .filter((method) => !/\.(_|set\w*Payload$)/.test(method))
  )
  console.log(`${all.length} methods`)
  return all.filter((method) => !used.has(method) && !exceptions.has(method))
}

// Runs a script. The process has to end by itself afterwards: the package must leave nothing open.
export async function run(script) {
  setTimeout(() => {
    console.log('BAD the script does not end')
    process.exit(1)
  }, WATCHDOG).unref()
  let over = false
  process.once('exit', () => {
    if (over) return
    console.log('BAD the process ends in the middle of the script: the package keeps no connection')
    process.exitCode = 1
  })
  try {
    await script()
  } catch (error) {
    console.log(error instanceof Wrong ? `BAD ${error.message}` : error)
    complaints.forEach((complaint) => console.log(`the package says: ${complaint}`))
    over = true
    process.exit(1)
  }
  over = true
}
