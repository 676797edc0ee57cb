package org.felucca.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.felucca.api.Namespace;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;

/**
 * What the images that were used last consist of. Their documents are named by their digests, so
 * what was read once stays true; whether an image and its layers are there is asked each time.
 */
final class RecentImages {
  private static final int MOST = 64;

  private record Key(Namespace namespace, Digest digest, Platform platform) {}

  private final Map<Key, ResolvedImage> known =
      new LinkedHashMap<>(MOST, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, ResolvedImage> eldest) {
          return size() > MOST;
        }
      };

  /** What an image consists of; it is read if that is not known. */
  ResolvedImage get(
      Namespace namespace, Digest digest, Platform platform, Supplier<ResolvedImage> read) {
    Key key = new Key(namespace, digest, platform);
    synchronized (known) {
      ResolvedImage found = known.get(key);
      if (found != null) {
        return found;
      }
    }
    ResolvedImage resolved = read.get();
    synchronized (known) {
      known.put(key, resolved);
    }
    return resolved;
  }
}
