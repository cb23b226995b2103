/**
 * Settings: what one is (name, type, default, bounds, a sentence of documentation), and registries of them that read a
 * map of texts and report everything that is wrong with it at once. Topics, the broker and the server declare theirs
 * with the classes of this package, so all can be printed, described and refused in one way. Pure: no files, no clock.
 */
package io.sluice.core.config;
