#!/usr/bin/env node
/** `scanin`: what whoever runs ScanIn does besides running it. */
import { readFileSync } from 'node:fs'
import { runCommand } from './cli/commands.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
  input: process.stdin,
  print: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
})
