#!/usr/bin/env node
/** The command `scanin`, for whoever runs ScanIn: accounts, the admin port, keys, copies of stores. */
import { readFileSync } from 'node:fs'
import { runCommand } from './cli/commands.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
  input: process.stdin,
  print: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
})
