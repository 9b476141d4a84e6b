import { expect, test } from '@jest/globals'
import type { Cluster } from 'ioredis'
import { clusterPatience } from '../../../server/store/redis-patience.ts'

/** A Cluster of one node, which has all slots and may be another tomorrow. */
function createSmallCluster() {
  const slots: string[][] = []
  return {
    cluster: { slots, nodes: () => [] } as unknown as Cluster,
    moveTo: (node: string) => {
      for (let slot = 0; slot < 16_384; slot++) slots[slot] = [node]
    },
  }
}

test('a node that has left the Cluster is forgotten, and one that is there is not', () => {
  const { cluster, moveTo } = createSmallCluster()
  const patience = clusterPatience(cluster)
  moveTo('10.0.0.1:6379')
  const first = patience.patienceFor('key')
  first.ask(() => new Promise(() => undefined)).catch(() => undefined)
  expect(patience.patienceFor('other')).toBe(first)
  expect(patience.use()).toBeGreaterThan(0)
  moveTo('10.0.0.2:6379')
  expect(patience.patienceFor('key')).not.toBe(first)
  expect(patience.use()).toBe(0)
})
