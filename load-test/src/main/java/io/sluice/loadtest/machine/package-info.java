/** What the operating system and the broker's metrics say: the machine, a process's CPU time and memory, counters. */
package io.sluice.loadtest.machine;
