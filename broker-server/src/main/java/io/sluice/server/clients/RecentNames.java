package io.sluice.server.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The last few names that one thread has mentioned; all others may look. Mentioning a name that is in here costs no memory. */
final class RecentNames {
    private static final int SIZE = 16;

    private final AtomicReferenceArray<String> names = new AtomicReferenceArray<>(SIZE);
    /** Where the next new name goes; for the one thread. */
    private int next;

    void add(String name) {
        for (int i = 0; i < SIZE; i++) {
            String known = names.getPlain(i);
            if (known == null) {
                break;
            }
            if (known.equals(name)) {
                return;
            }
        }
        names.setRelease(next, name);
        next = (next + 1) % SIZE;
    }

    boolean contains(String name) {
        for (int i = 0; i < SIZE; i++) {
            if (name.equals(names.getAcquire(i))) {
                return true;
            }
        }
        return false;
    }

    void clear() {
        for (int i = 0; i < SIZE; i++) {
            names.setRelease(i, null);
        }
        next = 0;
    }

    List<String> list() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < SIZE; i++) {
            String name = names.getAcquire(i);
            if (name != null) {
                all.add(name);
            }
        }
        return all;
    }
}
