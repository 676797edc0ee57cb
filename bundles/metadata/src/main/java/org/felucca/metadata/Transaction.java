package org.felucca.metadata;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.jspecify.annotations.Nullable;

/**
 * What a change may do, on the writing thread. Nothing in it may wait for anything but the
 * database.
 */
final class Transaction {

  /** An event that is published when its change is committed. */
  record Happening(@Nullable Namespace namespace, Event event) {}

  private final Sql sql;
  private final List<Happening> happenings = new ArrayList<>();
  private boolean makesRoom;
  private boolean leavesGarbage;
  private @Nullable Instant expiry;

  Transaction(Sql sql) {
    this.sql = sql;
  }

  Sql sql() {
    return sql;
  }

  /** Says that the change takes away more than it adds: it may use the room that is held back. */
  void makesRoom() {
    makesRoom = true;
  }

  boolean isToMakeRoom() {
    return makesRoom;
  }

  /** Says that something was deleted, so that others may have lost what kept them. */
  void mayLeaveGarbage() {
    leavesGarbage = true;
  }

  boolean leavesGarbage() {
    return leavesGarbage;
  }

  /** Says that a thing has these labels now, among which may be when it expires. */
  void labelled(String what, Map<String, String> labels) {
    Instant expires = GcLabels.expiry(labels, what);
    if (expires != null && (expiry == null || expires.isBefore(expiry))) {
      expiry = expires;
    }
  }

  /** When the first thing expires of those that got labels; null if none does. */
  @Nullable Instant expiry() {
    return expiry;
  }

  /** Has an event published after the commit. */
  void happened(@Nullable Namespace namespace, Event event) {
    happenings.add(new Happening(namespace, event));
  }

  List<Happening> happenings() {
    return happenings;
  }
}
