package io.sluice.core;

/**
 * What is wrong with one record of a batch that is refused.
 *
 * @param index the record's place in its batch, from 0
 * @param why a sentence
 */
public record RecordFault(int index, String why) {}
