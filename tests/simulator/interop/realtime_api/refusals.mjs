// Asks for things that the service has to refuse, and checks how the package reports it.

import { complaints, connect, deferred, expect, limited, refused, run, traced } from './common.mjs'

run(async () => {
  const denied = deferred()
  const stranger = await connect({ token: 'wrong', listen: { onAuthError: denied.resolve } })
  expect('wrong token', (await limited('the refusal', denied.promise)).code, -32002)
  expect('  status', stranger.authStatus, 'unauthorized')
  await limited('disconnect', stranger.disconnect())

  const client = await connect()
  const first = deferred()
  await client.voice.listen({ topics: ['office'], onCallReceived: first.resolve })
  const call = traced(await limited('the call', first.promise))
  await refused('playing before answering', '409', call.playSilence({ duration: 1 }))
  await call.answer()
  await refused('answering twice', '409', call.answer())
  await refused('a silence without duration', '400', call.playSilence({}))
  await refused('a collect without rules', '400', call.collect({}))
  await refused('a recording in an unknown format', '400', call.recordAudio({ format: 'flac' }))
  await refused('a tap without an address', '400', call.tapAudio({ direction: 'both', device: { type: 'rtp' } }))
  await refused('sending letters', '400', call.sendDigits('help'))
  await refused('a dial without number', '400', client.voice.dialPhone({ from: '+15552220000' }))
  await refused('a message without content', '400', client.messaging.send({ from: '+1555', to: '+1556', context: 'office' }))
  await call.hangup()
  await refused('hanging up twice', '410', call.hangup())
  await limited('disconnect', client.disconnect())
  // It logs each refusal, and these two once more.
  const others = complaints.filter((text) => !text.startsWith('Execute error: '))
  expect('other complaints of the package', others, [
    'Auth Error Authentication failed',
    "Error sending message Missing parameter 'body' or 'media'",
  ])
})
