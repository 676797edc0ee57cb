package org.felucca.oci;

import java.util.AbstractMap;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The members of an object that nobody changes any more, so that documents can share it. */
final class FrozenMap extends AbstractMap<String, @Nullable Object> {
  private final Map<String, @Nullable Object> members;

  private FrozenMap(Map<String, @Nullable Object> members) {
    this.members = members;
  }

  /** Freezes a tree that is nobody else's. */
  static FrozenMap of(Map<String, @Nullable Object> tree) {
    return new FrozenMap(tree);
  }

  @Override
  public @Nullable Object get(@Nullable Object key) {
    return members.get(key);
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return members.containsKey(key);
  }

  @Override
  public Set<Map.Entry<String, @Nullable Object>> entrySet() {
    return Collections.unmodifiableMap(members).entrySet();
  }
}
