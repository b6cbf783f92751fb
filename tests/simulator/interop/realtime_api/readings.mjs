// Shows what a program that uses the package notices of the two readings of the protocol.

import { complaints, connect, deferred, expect, limited, run, traced } from './common.mjs'

const reading = process.env.READING
const differs = { specification: 0, sdks: 1 }[reading]
const byReading = (specification, sdks) => [specification, sdks][differs]
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

// Waits until an operation ends, or stops it after 1.5 s (15 s of simulated time) and says so.
async function ends(action) {
  const ended = action.ended().then(() => 'ends')
  const first = await Promise.race([ended, pause(1.5).then(() => 'goes on')])
  if (first === 'goes on') await action.stop()
  return first
}

run(async () => {
  console.log(`── ${reading}`)
  const client = await connect()
  const first = deferred()
  await client.voice.listen({ topics: ['office'], onCallReceived: first.resolve })
  const call = traced(await limited('the call', first.promise))
  await call.answer()

  const prompt = await call.promptTTS({ text: 'Whom do you want to talk to?', speech: {}, initialTimeout: 20 })
  expect('speech', [prompt.text, prompt.confidence > 1], ['To sales, please', byReading(true, false)])

  const silent = await call.collect({ digits: { max: 1 }, initialTimeout: 2 }).onStarted()
  expect('collect without startInputTimers', await ends(silent), byReading('goes on', 'ends'))

  const recording = await call.recordAudio().onStarted()
  expect('recordAudio without options, after speech', await ends(recording), byReading('goes on', 'ends'))

  const failed = await call.connectPhone({ from: '+15552220000', to: '+15553330004' }).catch((failure) => failure)
  expect('connect to a busy line', failed.failedReason, 'busy')
  const dialed = await client.voice.dialPhone({ from: '+15552220000', to: '+15553330004' }).catch((failure) => failure)
  expect('dial of a busy line', [dialed.dialState, dialed.reason], ['failed', byReading('busy', undefined)])
  await call.hangup()

  const delivered = deferred()
  const onMessageUpdated = (message) => message.state === 'delivered' && delivered.resolve(message)
  await client.messaging.listen({ topics: ['office'], onMessageUpdated })
  const message = { context: 'office', from: '+15552220000', to: '+15550001', body: 'Hello', tags: ['vip'] }
  await client.messaging.send(message)
  const { tags } = await limited('the delivery', delivered.promise)
  expect('tags of a message', tags, byReading([], ['vip']))

  await limited('disconnect', client.disconnect())
  expect('complaints of the package', complaints, byReading(['Unknown prompt result type: "finished"'], []))
})
