package org.felucca.metadata;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.gc.Keeping;
import org.felucca.api.gc.Keeping.Link;
import org.jspecify.annotations.Nullable;

/**
 * Finds the shortest way to a thing from each thing that is kept for its own sake, going backwards
 * along the edges of the graph.
 */
final class KeepingChains {

  private record Back(Node from, ReferenceGraph.Edge edge) {}

  /**
   * A thing on the way back.
   *
   * @param structural whether all that lies between it and the end is: else a flat edge does not
   *     keep it
   */
  private record Place(Node node, boolean structural) {}

  /** The next place towards the end, and how that is reached. */
  private record Step(Place next, String by) {}

  private final Map<Node, List<ReferenceGraph.Root>> roots = new HashMap<>();
  private final Map<Node, List<Back>> backwards = new HashMap<>();

  KeepingChains(ReferenceGraph graph) {
    for (ReferenceGraph.Root root : graph.roots()) {
      roots.computeIfAbsent(root.node(), n -> new ArrayList<>(1)).add(root);
    }
    graph
        .edges()
        .forEach(
            (from, edges) ->
                edges.forEach(
                    edge ->
                        backwards
                            .computeIfAbsent(edge.to(), n -> new ArrayList<>(1))
                            .add(new Back(from, edge))));
  }

  /**
   * What keeps a thing.
   *
   * @param collection when the next collection is planned, or null
   */
  Keeping of(Node thing, @Nullable Instant collection) {
    List<List<Link>> chains = new ArrayList<>();
    Instant until = Instant.MIN;
    Set<Node> rootsFound = new HashSet<>();
    Map<Place, @Nullable Step> steps = new HashMap<>();
    Deque<Place> pending = new ArrayDeque<>();
    Place end = new Place(thing, true);
    steps.put(end, null);
    pending.add(end);
    while (!pending.isEmpty()) {
      Place place = pending.removeFirst();
      List<ReferenceGraph.Root> here = roots.getOrDefault(place.node(), List.of());
      if (!here.isEmpty() && rootsFound.add(place.node())) {
        for (ReferenceGraph.Root root : here) {
          chains.add(chain(root, place, steps));
          until = later(until, root.until());
        }
      }
      for (Back back : backwards.getOrDefault(place.node(), List.of())) {
        if (!back.edge().flat() || place.structural()) {
          Place before = new Place(back.from(), place.structural() && back.edge().structural());
          if (!steps.containsKey(before)) {
            steps.put(before, new Step(place, back.edge().by()));
            pending.add(before);
          }
        }
      }
    }
    boolean ends = !chains.isEmpty() && until.isBefore(Instant.MAX);
    return new Keeping(
        thing.thing(), chains, ends ? until : null, chains.isEmpty() ? collection : null);
  }

  /** The later one; null is never. */
  private static Instant later(Instant one, @Nullable Instant other) {
    if (other == null) {
      return Instant.MAX;
    }
    return other.isAfter(one) ? other : one;
  }

  private static List<Link> chain(
      ReferenceGraph.Root root, Place from, Map<Place, @Nullable Step> steps) {
    List<Link> chain = new ArrayList<>();
    chain.add(new Link(root.node().thing(), root.by()));
    for (Step step = steps.get(from); step != null; step = steps.get(step.next())) {
      chain.add(new Link(step.next().node().thing(), step.by()));
    }
    return chain;
  }
}
