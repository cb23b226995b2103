package io.sluice.server.cli.client;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Rows of text in aligned columns, for a person. */
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();
    private final int columns;

    /** A table with these headings. */
    public Table(String... headings) {
        this.columns = headings.length;
        rows.add(List.of(headings));
    }

    /** Adds a row: as many cells as there are headings. */
    public Table row(Object... cells) {
        if (cells.length != columns) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns + " columns");
        }
        rows.add(Arrays.stream(cells).map(String::valueOf).map(Table::visible).toList());
        return this;
    }

    /** Names are chosen by clients: one with a line end or a terminal's commands in it must do nothing but be seen. */
    private static String visible(String cell) {
        StringBuilder text = new StringBuilder();
        cell.chars().forEach(c -> text.append(Character.isISOControl(c) ? String.format("\\u%04x", c) : (char) c));
        return text.toString();
    }

    /** The lines, without a line end behind the last. */
    @Override
    public String toString() {
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).collect(Collectors.joining(System.lineSeparator()));
    }

    private static String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            line.append(row.get(i));
            if (i < widths.length - 1) {
                line.append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
        }
        return line.toString().stripTrailing();
    }
}
