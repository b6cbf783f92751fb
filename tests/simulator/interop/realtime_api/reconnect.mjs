// The service cuts the connection during a call. The package connects again by itself and resumes its session.

import { complaints, connect, deferred, expect, limited, protocolOf, run, traced } from './common.mjs'

run(async () => {
  const seen = []
  const [first, second, message, delivered] = [deferred(), deferred(), deferred(), deferred()]
  const listen = {
    onReconnecting: () => seen.push('reconnecting'),
    onConnected: () => seen.push('connected'),
  }
  const client = await connect({ listen })
  const protocol = protocolOf(client)
  const calls = [first, second]
  await client.voice.listen({ topics: ['office'], onCallReceived: (call) => calls.shift().resolve(call) })
  await client.messaging.listen({
    topics: ['office'],
    onMessageReceived: message.resolve,
    onMessageUpdated: ({ state }) => state === 'delivered' && delivered.resolve(seen.length),
  })

  const call = traced(await limited('the call', first.promise))
  await call.answer()
  expect('connections before the cut', seen, ['connected'])
  const playback = await call.playTTS({ text: 'x'.repeat(900) }).onStarted()
  // It comes while the client is away: the service keeps it, or waits for a client that listens.
  expect('message during the cut', (await limited('the message', message.promise)).body, 'Are you there?')
  expect('  arrives after', seen, ['connected', 'reconnecting', 'connected'])
  expect('same session', [protocol.length > 0, protocolOf(client) === protocol], [true, true])

  expect('play across the cut', (await playback.ended()).state, 'finished')
  expect('a new play', (await call.playSilence({ duration: 1 })).state, 'finished')
  await client.messaging.send({ context: 'office', from: '+15552220000', to: '+15550001', body: 'Yes' })
  expect('delivered on the second connection', await limited('the delivery', delivered.promise), 3)
  await call.hangup()
  expect('hangup', call.state, 'ended')
  const next = traced(await limited('the second call', second.promise))
  await next.answer()
  expect('second call', next.state, 'answered')
  await next.hangup()

  await limited('disconnect', client.disconnect())
  expect('connections', seen, ['connected', 'reconnecting', 'connected'])
  expect('complaints of the package', complaints, [])
})
