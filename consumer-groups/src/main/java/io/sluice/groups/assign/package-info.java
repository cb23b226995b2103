/**
 * Who gets which partition when the broker assigns: the server-side assignors of consumer groups. Pure functions of what the
 * members want and what they have.
 */
package io.sluice.groups.assign;
