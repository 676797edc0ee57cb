package org.felucca.api.container;

import java.util.List;

/**
 * Processes, as {@code ps} shows them.
 *
 * @param titles the headings of the columns; unmodifiable
 * @param rows the processes, each with as many cells; unmodifiable
 */
public record ProcessTable(List<String> titles, List<List<String>> rows) {
  /** Copies the lists. */
  public ProcessTable {
    titles = List.copyOf(titles);
    rows = rows.stream().map(List::copyOf).toList();
  }
}
