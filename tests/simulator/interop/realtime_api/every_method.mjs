// Uses every method of calls and actions that the package has, and messaging and tasks. No request may be refused.

import { complaints, connect, deferred, expect, limited, run, traced, unused, Voice } from './common.mjs'

const { DeviceBuilder, Playlist } = Voice
const OWN = '+15552220000'
const BUSY = '+15553330004'

const EXCEPTIONS = new Set([
  // It returns another method instead of calling it.
  'Call.waitForDisconnected',
  // Older names of `ended`.
  'CallPlayback.waitForEnded',
  'CallPrompt.waitForResult',
  'CallDetect.waitForResult',
])

async function play(call) {
  expect('playTTS', (await call.playTTS({ text: 'Welcome', language: 'en-US', volume: -3 })).state, 'finished')
  expect('playAudio', (await call.playAudio({ url: 'https://files.example/a.mp3' })).state, 'finished')
  expect('playSilence', (await call.playSilence({ duration: 0.5 })).state, 'finished')
  expect('playRingtone', (await call.playRingtone({ name: 'us', duration: 1 })).state, 'finished')

  const playlist = new Playlist({ volume: 1 })
    .add(Playlist.TTS({ text: 'x'.repeat(400), gender: 'female' }))
    .add(Playlist.Silence({ duration: 1 }))
  const playback = await call.play({ playlist }).onStarted()
  expect('play', playback.state, 'playing')
  await playback.setVolume(-10)
  await playback.pause()
  await playback.resume()
  await playback.stop()
  expect('  stopped', (await playback.ended()).state, 'finished')
}

async function prompt(call) {
  const digits = { max: 2, digitTimeout: 3 }
  const answered = await call.promptTTS({ text: 'Two digits, please', digits, initialTimeout: 10 })
  expect('promptTTS', [answered.type, answered.digits], ['digit', '12'])

  const spoken = { initialTimeout: 10, speech: { endSilenceTimeout: 1, language: 'en-US', hints: ['sales'] } }
  const heard = await call.promptAudio({ url: 'https://files.example/b.mp3', ...spoken })
  expect('promptAudio', [heard.type, heard.text], ['speech', 'To sales, please'])

  const silent = { initialTimeout: 5, digits: { max: 1 } }
  const ringing = await call.promptRingtone({ name: 'us', duration: 5, ...silent }).onStarted()
  await ringing.setVolume(2)
  expect('promptRingtone', (await ringing.ended()).reason, 'no_input')

  const playlist = new Playlist().add(Playlist.Silence({ duration: 30 }))
  const stopped = await call.prompt({ playlist, ...silent }).onStarted()
  await stopped.stop()
}

async function collect(call) {
  const digits = { max: 4, digitTimeout: 3, terminators: '#' }
  const collected = await call.collect({ digits, initialTimeout: 10, startInputTimers: true })
  expect('collect', [collected.digits, collected.terminator], ['34', '#'])

  const silent = await call.collect({ digits: { max: 1 }, initialTimeout: 2, startInputTimers: false }).onStarted()
  await silent.startInputTimers()
  expect('  without input', (await silent.ended()).reason, 'no_input')

  const speech = { language: 'en-US' }
  const stopped = await call.collect({ speech, partialResults: true, continuous: true }).onStarted()
  await stopped.stop()
}

async function record(call) {
  const recording = await call.recordAudio({ direction: 'both', initialTimeout: 5, endSilenceTimeout: 1, beep: true })
  expect('recordAudio', recording.state, 'finished')
  expect('  url', recording.url.endsWith('.mp3'), true)

  const audio = { format: 'wav', stereo: true, initialTimeout: 0, endSilenceTimeout: 0 }
  const paused = await call.record({ audio }).onStarted()
  expect('record', paused.state, 'recording')
  await paused.pause()
  await paused.resume()
  await paused.stop()
  expect('  stopped', (await paused.ended()).state, 'finished')
}

async function detect(call) {
  const key = await call.detectDigit({ digits: '0123456789', timeout: 10 })
  expect('detectDigit', [key.type, key.result], ['digit', '7'])
  const stopped = await call.detect({ type: 'machine', timeout: 60, detectInterruptions: false }).onStarted()
  await stopped.stop()
  expect('  stopped', (await stopped.ended()).hasEnded, true)
}

async function tap(call) {
  const device = { type: 'rtp', addr: '203.0.113.9', port: 4000, codec: 'PCMU' }
  const tapped = await call.tapAudio({ direction: 'both', device }).onStarted()
  expect('tapAudio', tapped.state, 'tapping')
  await tapped.stop()
  expect('  stopped', (await tapped.ended()).state, 'finished')
  const socket = { type: 'ws', uri: 'wss://ws.example/a' }
  await (await call.tap({ audio: { direction: 'listen' }, device: socket }).onStarted()).stop()
}

// The first device answers: once a leg has ended, the package ignores the states of all other legs of the same request.
function oneAfterTheOther() {
  return new DeviceBuilder()
    .add(DeviceBuilder.Phone({ from: OWN, to: '+15551001000' }))
    .add(DeviceBuilder.Phone({ from: OWN, to: BUSY }))
}

async function bridge(call) {
  const phone = await call.connectPhone({ from: OWN, to: '+15551001000', timeout: 30, maxPricePerMinute: 0.5 })
  expect('connectPhone', [phone.to, call.connectState], ['+15551001000', 'connected'])
  await call.disconnect()
  expect('  disconnected', [call.connectState, call.state], ['disconnected', 'answered'])

  const ringback = new Playlist().add(Playlist.Ringtone({ name: 'us' }))
  const desk = await call.connectSip({ from: 'sip:me@example.com', to: 'sip:desk@example.com', ringback })
  expect('connectSip', desk.to, 'sip:desk@example.com')
  const separated = call.disconnected()
  await desk.hangup()
  await separated
  expect('  peer hung up', [desk.state, call.state], ['ended', 'answered'])

  expect('connect', (await call.connect({ devices: oneAfterTheOther() })).to, '+15551001000')
  await call.disconnect()
  const busy = new DeviceBuilder().add(DeviceBuilder.Phone({ from: OWN, to: BUSY }))
  const failed = await call.connect({ devices: busy }).catch((failure) => failure)
  expect('connect to a busy line', failed.connectState, 'failed')
}

async function dial(voice) {
  const states = []
  const onStateChanged = (call) => states.push(call.state)
  const person = traced(await voice.dialPhone({ from: OWN, to: '+15553330001', timeout: 30, listen: { onStateChanged } }))
  expect('dialPhone', [person.state, person.direction, person.to], ['answered', 'outbound', '+15553330001'])
  expect('  amd', (await person.amd({ initialTimeout: 4.5, timeout: 30 })).result, 'HUMAN')
  await person.sendDigits('1w2')
  const ended = person.waitFor('ended')
  await person.hangup()
  expect('  ended', await ended, true)
  expect('  states', states, ['created', 'ringing', 'answered', 'ending', 'ended'])

  const machine = traced(await voice.dialPhone({ from: OWN, to: '+15553330002' }))
  const found = await machine.detectAnsweringMachine({ timeout: 30, waitForBeep: true })
  expect('detectAnsweringMachine', [found.type, found.hasEnded || found.beep], ['machine', true])
  await machine.hangup('busy')

  const fax = traced(await voice.dialSip({ from: 'sip:me@example.com', to: 'sip:fax@example.com' }))
  expect('dialSip', [fax.type, fax.state], ['sip', 'answered'])
  expect('  detectFax', (await fax.detectFax({ tone: 'CED', timeout: 10 })).result, 'CED')
  await fax.hangup()

  const serial = traced(await voice.dial(oneAfterTheOther()))
  expect('dial one after the other', serial.to, '+15551001000')
  await serial.hangup()
  const failed = await voice.dialPhone({ from: OWN, to: BUSY }).catch((failure) => failure)
  expect('dial of a busy line', failed.dialState, 'failed')
}

async function messages(messaging, received, updates) {
  const message = await limited('the message', received)
  expect('message received', [message.body, message.from, message.direction], ['Is anybody there?', '+15551110001', 'inbound'])
  for (const [to, expected, reason] of [
    ['+15550001', ['queued', 'initiated', 'sent', 'delivered'], undefined],
    [BUSY, ['queued', 'initiated', 'sent', 'undelivered'], 'carrier_blocked'],
    ['+15553330005', ['queued', 'initiated', 'failed'], 'spam'],
  ]) {
    const seen = []
    const last = deferred()
    updates.handler = (update) => {
      seen.push(update)
      if (seen.length === expected.length) last.resolve()
    }
    const context = to === '+15550001' ? {} : { context: 'office' }
    const media = ['https://files.example/a.jpg']
    const sent = await messaging.send({ from: OWN, to, body: 'Hello', media, ...context })
    await limited('the last state', last.promise)
    expect(`message to ${to}`, seen.map((update) => update.state), expected)
    expect('  reason', seen.at(-1).reason, reason)
    expect('  id', seen.every((update) => update.id === sent.messageId && sent.messageId.length > 0), true)
  }
}

run(async () => {
  const client = await connect()
  expect('authorized', client.authStatus, 'authorized')

  const [first, spare, message, task] = [deferred(), deferred(), deferred(), deferred()]
  const updates = { handler: () => {} }
  const topics = ['office', 'default']
  await client.voice.listen({ topics: ['office'], onCallReceived: (call) => first.resolve(call) })
  await client.messaging.listen({
    topics,
    onMessageReceived: message.resolve,
    onMessageUpdated: (update) => updates.handler(update),
  })
  await client.task.listen({ topics: ['office'], onTaskReceived: task.resolve })

  const call = traced(await limited('the call', first.promise))
  expect('call received', [call.state, call.context, call.from, call.to], ['created', 'office', '+15551110000', OWN])
  await call.answer()
  expect('answer', [call.state, call.active, call.direction], ['answered', true, 'inbound'])
  for (const part of [play, prompt, collect, record, detect, tap, bridge]) {
    console.log(`── ${part.name}`)
    await part(call)
  }
  const over = call.disconnected()
  await call.hangup()
  await over
  expect('hangup', call.state, 'ended')

  console.log('── other topics')
  const stop = await client.voice.listen({ topics: ['spare'], onCallReceived: (call) => spare.resolve(call) })
  await traced(await limited('the call to pass', spare.promise)).pass()
  await stop()
  expect('task received', await limited('the task', task.promise), { job: 'call-back', number: '+15551110000' })
  console.log('── dial')
  await dial(client.voice)
  console.log('── messages')
  await messages(client.messaging, message.promise, updates)

  await limited('disconnect', client.disconnect())
  // A prompt and a collect that were stopped: their result has a type that the package does not know.
  expect('complaints of the package', complaints, Array(2).fill('Unknown prompt result type: "finished"'))
  expect('methods that were not used', unused(EXCEPTIONS), [])
})
