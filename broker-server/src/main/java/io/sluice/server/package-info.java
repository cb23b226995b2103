/**
 * The broker as a program: its command line, its configuration, and the wiring of the log and the faces around it.
 */
package io.sluice.server;
