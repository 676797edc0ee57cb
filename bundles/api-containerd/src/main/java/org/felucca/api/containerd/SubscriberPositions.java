package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.ProcessId;
import org.jspecify.annotations.Nullable;

/**
 * How far each subscriber has read, in a file that is mapped into memory: what was written there is
 * kept when the engine is killed, and costs no call. A process that subscribes again, with the same
 * filters, after its stream broke goes on from there; one that gave its subscription up does not.
 *
 * <p>The file holds a head with the boot in which it was made, and slots of equal size. A slot's
 * key is written last and cleared first, so that a slot is whole or free.
 */
final class SubscriberPositions implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(SubscriberPositions.class.getName());

  /**
   * How long somebody whose stream ended may take to come back by another connection. The end of a
   * connection and the wish to read no more look the same here.
   */
  static final Duration RETURN = Duration.ofSeconds(30);

  static final int SLOTS = 1024;

  private static final long SIZE = 80;
  private static final long BOOT = 0;
  private static final long KEY = 0;
  private static final long MORE_KEY = 8;
  private static final long PID = 16;
  private static final long START = 24;
  private static final long CONNECTION = 32;
  private static final long RUN = 40;
  private static final long ENDED = 48;
  private static final long HANDED = 56;
  private static final long SENT = 64;

  private final InstantSource clock;
  private final Predicate<ProcessId> alive;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final long run = ThreadLocalRandom.current().nextLong();
  private final BitSet followed = new BitSet(SLOTS);
  private boolean closed;

  /**
   * Opens the file, or makes it anew if it is of another boot.
   *
   * @param alive whether a process still runs
   */
  SubscriberPositions(Path file, String boot, InstantSource clock, Predicate<ProcessId> alive) {
    this.clock = clock;
    this.alive = alive;
    try {
      Files.createDirectories(file.getParent());
      try (FileChannel channel =
          FileChannel.open(
              file,
              Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        this.memory = channel.map(MapMode.READ_WRITE, 0, SIZE * (SLOTS + 1), arena);
      }
    } catch (IOException e) {
      arena.close();
      throw new EngineException(
          ErrorKind.INTERNAL, "open the positions of subscribers in " + file + ": " + e, e);
    }
    long ofBoot = digest(boot).getLong();
    if (memory.get(ValueLayout.JAVA_LONG, BOOT) != ofBoot) {
      memory.fill((byte) 0);
      memory.set(ValueLayout.JAVA_LONG, BOOT, ofBoot);
    }
  }

  private static ByteBuffer digest(String text) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where somebody reads. */
  final class Following implements AutoCloseable {
    private final int slot;
    private final long from;
    private final long uncertainTo;
    private final boolean again;

    private Following(int slot, long from, long uncertainTo, boolean again) {
      this.slot = slot;
      this.from = from;
      this.uncertainTo = uncertainTo;
      this.again = again;
    }

    /** Events with greater numbers were not sent yet. */
    long from() {
      return from;
    }

    /** Events up to here were perhaps sent: nobody knows. */
    long uncertainTo() {
      return uncertainTo;
    }

    /** Whether a subscription that broke goes on. */
    boolean again() {
      return again;
    }

    /** An event is about to be sent. */
    void handed(long number) {
      put(slot, HANDED, number);
    }

    /** All up to this event was sent, or is none of this subscriber's. */
    void sent(long number) {
      put(slot, SENT, number);
    }

    /** The stream has ended, be it that the subscriber wants no more or that it broke. */
    @Override
    public void close() {
      synchronized (SubscriberPositions.this) {
        put(slot, ENDED, clock.millis());
        if (slot >= 0) {
          followed.clear(slot);
        }
      }
    }
  }

  /**
   * Begins to follow.
   *
   * @param peer who, or null if that is not known: then nothing is kept
   * @param filters what it asked for
   * @param newest the number of the newest event
   */
  synchronized Following follow(@Nullable Peer peer, List<String> filters, long newest) {
    if (peer == null || closed) {
      return new Following(-1, newest, newest, false);
    }
    ByteBuffer digest = digest(String.join("\0", filters));
    long key = digest.getLong() | 1;
    long moreKey = digest.getLong();
    int free = -1;
    for (int slot = 0; slot < SLOTS; slot++) {
      if (get(slot, KEY) == 0) {
        free = free < 0 ? slot : free;
      } else if (get(slot, KEY) == key
          && get(slot, MORE_KEY) == moreKey
          && get(slot, PID) == peer.process().pid()
          && get(slot, START) == peer.process().startTime()
          && !followed.get(slot)) {
        if (mayReturn(slot, peer) && get(slot, SENT) <= newest) {
          long sent = get(slot, SENT);
          long handed = Math.min(get(slot, HANDED), newest);
          occupy(slot, peer);
          LOG.log(
              Level.INFO,
              "subscriber goes on pid={0} after={1}",
              new Object[] {String.valueOf(peer.process().pid()), String.valueOf(sent)});
          return new Following(slot, sent, Math.max(sent, handed), true);
        }
        put(slot, KEY, 0);
        free = free < 0 ? slot : free;
      }
    }
    int slot = free < 0 ? swept() : free;
    if (slot < 0) {
      LOG.log(Level.WARNING, "position of a subscriber not kept reason=there are {0}", SLOTS);
      return new Following(-1, newest, newest, false);
    }
    put(slot, MORE_KEY, moreKey);
    put(slot, PID, peer.process().pid());
    put(slot, START, peer.process().startTime());
    put(slot, HANDED, newest);
    put(slot, SENT, newest);
    occupy(slot, peer);
    put(slot, KEY, key);
    return new Following(slot, newest, newest, false);
  }

  private void occupy(int slot, Peer peer) {
    put(slot, CONNECTION, peer.connection());
    put(slot, RUN, run);
    put(slot, ENDED, 0);
    followed.set(slot);
  }

  private boolean mayReturn(int slot, Peer peer) {
    long ended = get(slot, ENDED);
    if (ended == 0) {
      return true; // the engine ended under it
    }
    boolean other = get(slot, RUN) != run || get(slot, CONNECTION) != peer.connection();
    return other && clock.millis() - ended <= RETURN.toMillis();
  }

  /** Frees the slots of those who will not come back; answers one of them, or -1. */
  private int swept() {
    int free = -1;
    for (int slot = 0; slot < SLOTS; slot++) {
      long ended = get(slot, ENDED);
      boolean late = ended != 0 && clock.millis() - ended > RETURN.toMillis();
      if (!followed.get(slot)
          && (late || !alive.test(new ProcessId((int) get(slot, PID), get(slot, START))))) {
        put(slot, KEY, 0);
        free = slot;
      }
    }
    return free;
  }

  /**
   * Those whose streams ended a moment ago are those whom the server let go because it is ended
   * itself: they may come back whenever the next one is there.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      long ended = get(slot, ENDED);
      if (ended != 0 && clock.millis() - ended <= RETURN.toMillis()) {
        put(slot, ENDED, 0);
      }
    }
    closed = true;
    arena.close();
  }

  private synchronized long get(int slot, long field) {
    return memory.get(ValueLayout.JAVA_LONG, SIZE * (slot + 1) + field);
  }

  private synchronized void put(int slot, long field, long value) {
    if (slot >= 0 && !closed) {
      memory.set(ValueLayout.JAVA_LONG, SIZE * (slot + 1) + field, value);
    }
  }
}
