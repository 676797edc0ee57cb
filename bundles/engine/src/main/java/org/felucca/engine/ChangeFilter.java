package org.felucca.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.function.Consumer;
import org.felucca.api.diff.Change;

/**
 * Leaves out what no program of the container has done: the places that the runtime makes for
 * mounts, such as {@code /etc/hosts}, and folders that are only listed for them.
 */
final class ChangeFilter implements Consumer<Change> {
  private final Set<String> places;
  private final Consumer<Change> sink;

  /** Changed folders that nothing was listed in yet, the outermost first. */
  private final Deque<Change> held = new ArrayDeque<>();

  private boolean hidden;

  /**
   * @param places where something is mounted, absolute
   */
  ChangeFilter(Set<String> places, Consumer<Change> sink) {
    this.places = places;
    this.sink = sink;
  }

  @Override
  public void accept(Change change) {
    while (!held.isEmpty() && !isBelow(change.path(), held.getLast().path())) {
      let(held.removeLast());
    }
    if (change.kind() == Change.Kind.ADDED && places.contains(change.path())) {
      hidden = true;
      return;
    }
    if (change.kind() == Change.Kind.CHANGED) {
      held.addLast(change);
      hidden = false;
      return;
    }
    showHeld();
    sink.accept(change);
  }

  /** A change that nothing followed below it: shown unless that was left out. */
  private void let(Change change) {
    if (hidden) {
      return;
    }
    showHeld();
    sink.accept(change);
  }

  private void showHeld() {
    while (!held.isEmpty()) {
      sink.accept(held.removeFirst());
    }
  }

  /** Nothing more comes. */
  void end() {
    while (!held.isEmpty()) {
      let(held.removeLast());
    }
  }

  private static boolean isBelow(String path, String folder) {
    return folder.equals("/") || path.startsWith(folder + "/");
  }
}
