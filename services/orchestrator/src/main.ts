import { run } from '@murmuration/service';
import { startOrchestrator } from './orchestrator.js';
import { readSettings } from './settings.js';

await run('orchestrator', 'ORCHESTRATOR_ID', (setting) =>
  startOrchestrator(readSettings(setting), setting.log),
);
