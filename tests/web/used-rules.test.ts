import { expect, test } from '@jest/globals'
import { onlyUsed, wordsIn } from '../../web/build/used-rules.mjs'

const sheet = [
  '@layer base,page;',
  '@layer base{:root{--a:url("data:;{}")}body{margin:0}.card{a:1}.card.wide,#it .far{a:2}h1,.far h1{a:3}',
  '@media (max-width:9px){.far{a:4}.card:hover{a:5}}@media print{.far{a:6}}}',
  '@layer page{.card:not(.far,:is(.far)){a:7}[data-is=".far;"] p{a:8}.a:is(.card,.far){a:9}@keyframes far{50%{a:1}}}',
].join('')

test('a page that has all that a sheet is about is sent all of it', () => {
  expect(onlyUsed(sheet, wordsIn([sheet]))).toBe(sheet)
})

test('rules for what a page does not have stay away, and no other', () => {
  const page = '<main class="card wide"></main><script>part.id = "it"</script>'
  expect(onlyUsed(sheet, wordsIn([page]))).toBe(
    [
      '@layer base,page;',
      '@layer base{:root{--a:url("data:;{}")}body{margin:0}.card{a:1}.card.wide{a:2}h1{a:3}',
      '@media (max-width:9px){.card:hover{a:5}}}',
      '@layer page{.card:not(.far,:is(.far)){a:7}[data-is=".far;"] p{a:8}@keyframes far{50%{a:1}}}',
    ].join(''),
  )
})
