package org.felucca.diff;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.GZIPOutputStream;
import org.felucca.api.EngineException;

/**
 * Intel's ISA-L (libisal2), which inflates several times as fast as zlib. It has no accessors, so a
 * few places in its {@code struct inflate_state} are used as they are since 2.25; a trial at load
 * time finds out whether they still hold, and if not the JDK does the work.
 */
final class Isal {
  static final int NEXT_OUT = 0;
  static final int AVAILABLE_OUT = 8;
  static final int NEXT_IN = 16;
  static final int AVAILABLE_IN = 32;
  static final int BLOCK_STATE = 21160;
  static final int CRC_FLAG = 21172;

  /** Larger than the structure of any version; 87,368 in 2.30. */
  static final int STATE_SIZE = 256 * 1024;

  static final int GZIP = 1;
  static final int BLOCK_FINISH = 5;

  private static final Logger LOG = Logger.getLogger(Isal.class.getName());
  private static boolean loaded;

  private Isal() {}

  static native void isal_inflate_init(Pointer state);

  static native int isal_inflate(Pointer state);

  static synchronized boolean loaded() {
    return loaded;
  }

  /** Loads the library if this machine has one that works. */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      Native.register(Isal.class, NativeLibrary.getInstance("libisal.so.2"));
      // JNA keeps the options of a registered class under a weak key to which their value refers,
      // so the class of a
      // replaced bundle would never go.
      Native.getLibraryOptions(Isal.class).values().removeIf(Isal.class::equals);
    } catch (UnsatisfiedLinkError e) {
      LOG.log(Level.FINE, "libisal.so.2 is not there, gzip is left to the JDK", e);
      return;
    }
    if (trial()) {
      loaded = true;
    } else {
      Native.unregister(Isal.class);
      LOG.log(Level.WARNING, "libisal.so.2 is not laid out as known, gzip is left to the JDK");
    }
  }

  /** Lets go of the library; nothing may be inflating. */
  static synchronized void unload() {
    if (loaded) {
      Native.unregister(Isal.class);
      loaded = false;
    }
  }

  private static boolean trial() {
    byte[] plain = new byte[200_000];
    for (int i = 0; i < plain.length; i++) {
      plain[i] = (byte) (i * 31 ^ i >> 7);
    }
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
        gzip.write(plain);
      }
      byte[] compressed = bytes.toByteArray();
      if (!inflates(compressed, plain)) {
        return false;
      }
      compressed[compressed.length - 7] ^= 1; // a wrong check sum must be found
      try {
        inflates(compressed, plain);
        return false;
      } catch (EngineException e) {
        return true;
      }
    } catch (EngineException e) {
      return false;
    } catch (IOException e) {
      throw new AssertionError("memory has no disk errors", e);
    }
  }

  private static boolean inflates(byte[] compressed, byte[] plain) {
    ByteBuffer in = ByteBuffer.allocateDirect(compressed.length).put(compressed).flip();
    ByteBuffer out = ByteBuffer.allocateDirect(plain.length);
    try (IsalDecoder decoder = new IsalDecoder()) {
      int rounds = 0;
      while (in.hasRemaining() && rounds++ < 100) {
        in.limit(Math.min(in.capacity(), in.position() + compressed.length / 3));
        out.limit(Math.min(out.capacity(), out.position() + 70_000));
        decoder.decode(in, out);
        in.limit(in.capacity());
      }
      out.limit(out.capacity());
      if (!decoder.complete() || out.hasRemaining()) {
        return false;
      }
      byte[] result = new byte[plain.length];
      out.flip().get(result);
      return java.util.Arrays.equals(result, plain);
    }
  }
}
