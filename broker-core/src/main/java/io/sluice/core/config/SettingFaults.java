package io.sluice.core.config;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Collects everything that is wrong with some settings, so that all of it is reported at once. Used by one thread. */
public final class SettingFaults {
    private final List<String> sentences = new ArrayList<>();
    private final Set<String> faultyNames = new HashSet<>();

    /**
     * Notes a fault.
     *
     * @param name the setting
     * @param sentence the whole sentence, which names the setting and its value
     */
    public void add(String name, String sentence) {
        faultyNames.add(name);
        sentences.add(sentence);
    }

    /** Whether one of these settings has a fault already: then comparing it with others would only confuse. */
    public boolean touches(Setting<?>... settings) {
        for (Setting<?> setting : settings) {
            if (faultyNames.contains(setting.name())) {
                return true;
            }
        }
        return false;
    }

    /** One sentence per fault, in the order they were found. */
    public List<String> sentences() {
        return List.copyOf(sentences);
    }

    /** Throws INVALID_CONFIG with all of them if there is any. */
    public void throwIfAny() {
        if (!sentences.isEmpty()) {
            throw new BrokerException(ErrorCode.INVALID_CONFIG, String.join("; ", sentences));
        }
    }
}
