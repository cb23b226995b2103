package io.sluice.core.config;

import java.util.List;
import java.util.Optional;

/**
 * All that a person may want to know of one setting as it holds now.
 *
 * @param setting its name, type, bounds and documentation
 * @param value the text that holds; empty if there is none or it must not be shown
 * @param source who decided it
 * @param synonyms everything that would decide it, strongest first; the first one is what holds
 */
public record SettingDescription(
        Setting<?> setting, Optional<String> value, SettingSource source, List<Synonym> synonyms) {
    public SettingDescription {
        synonyms = List.copyOf(synonyms);
    }

    /**
     * One place where a value is decided.
     *
     * @param name the setting's name there
     * @param value its canonical text there, in the unit of that setting
     * @param source which place
     */
    public record Synonym(String name, String value, SettingSource source) {}
}
