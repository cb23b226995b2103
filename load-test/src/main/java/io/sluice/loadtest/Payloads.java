package io.sluice.loadtest;

import java.util.SplittableRandom;

/**
 * Random values, the same for the same seed: letters and digits, so that they are JSON strings without escapes and
 * compress to about three quarters, not to nothing. The first is a letter, so that none is a JSON number.
 */
final class Payloads {
    private static final byte[] ALPHABET = alphabet();
    private static final int LETTERS = 52;

    private final SplittableRandom random;

    Payloads(long seed) {
        this.random = new SplittableRandom(seed);
    }

    byte[] next(int length) {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = ALPHABET[random.nextInt(i == 0 ? LETTERS : ALPHABET.length)];
        }
        return payload;
    }

    private static byte[] alphabet() {
        byte[] all = new byte[62];
        int count = 0;
        for (char c = 'A'; c <= 'Z'; c++) {
            all[count++] = (byte) c;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            all[count++] = (byte) c;
        }
        for (char c = '0'; c <= '9'; c++) {
            all[count++] = (byte) c;
        }
        return all;
    }
}
