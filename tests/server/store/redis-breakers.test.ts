import { expect, test } from '@jest/globals'
import type { Cluster } from 'ioredis'
import { clusterBreakers } from '../../../server/store/redis-breakers.ts'

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
  const breakers = clusterBreakers(cluster)
  moveTo('10.0.0.1:6379')
  const first = breakers.breakerFor('key')
  first.ask(() => new Promise(() => undefined)).catch(() => undefined)
  expect(breakers.breakerFor('other')).toBe(first)
  expect(breakers.use()).toBeGreaterThan(0)
  moveTo('10.0.0.2:6379')
  expect(breakers.breakerFor('key')).not.toBe(first)
  expect(breakers.use()).toBe(0)
})
