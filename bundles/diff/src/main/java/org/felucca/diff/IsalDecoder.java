package org.felucca.diff;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.ByteBuffer;
import org.felucca.api.EngineException;

/**
 * gzip by ISA-L: any number of members, with zeros between and behind them; check sums are
 * verified.
 */
final class IsalDecoder implements Decoder {
  private final Memory state = new Memory(Isal.STATE_SIZE);
  private boolean first = true;
  private boolean inMember;

  IsalDecoder() {
    state.clear();
  }

  @Override
  public void decode(ByteBuffer in, ByteBuffer out) {
    while (out.hasRemaining() && (inMember || in.hasRemaining())) {
      if (!inMember && !begin(in)) {
        return;
      }
      int available = in.remaining();
      int space = out.remaining();
      state.setPointer(Isal.NEXT_IN, Native.getDirectBufferPointer(in).share(in.position()));
      state.setInt(Isal.AVAILABLE_IN, available);
      state.setPointer(Isal.NEXT_OUT, Native.getDirectBufferPointer(out).share(out.position()));
      state.setInt(Isal.AVAILABLE_OUT, space);
      int result = Isal.isal_inflate(state);
      if (result < 0) {
        throw EngineException.invalid(
            first || result != -4
                ? "the gzip stream is malformed (%s)".formatted(reason(result))
                : "rubbish stands behind the gzip stream");
      }
      int used = available - state.getInt(Isal.AVAILABLE_IN);
      int made = space - state.getInt(Isal.AVAILABLE_OUT);
      if (used < 0 || used > available || made < 0 || made > space) {
        throw EngineException.internal("libisal.so.2 answered what can't be", null);
      }
      in.position(in.position() + used);
      out.position(out.position() + made);
      if (state.getInt(Isal.BLOCK_STATE) == Isal.BLOCK_FINISH) {
        inMember = false;
        first = false;
      } else if (used == 0 && made == 0) {
        return;
      }
    }
  }

  private boolean begin(ByteBuffer in) {
    while (!first && in.hasRemaining() && in.get(in.position()) == 0) {
      in.position(in.position() + 1);
    }
    if (!in.hasRemaining()) {
      return false;
    }
    Isal.isal_inflate_init(state);
    state.setInt(Isal.CRC_FLAG, Isal.GZIP);
    inMember = true;
    return true;
  }

  private static String reason(int result) {
    return switch (result) {
      case -1 -> "invalid block";
      case -2 -> "invalid symbol";
      case -3 -> "invalid distance";
      case -4 -> "invalid header";
      case -5 -> "unsupported method";
      case -6 -> "wrong check sum";
      default -> "error " + result;
    };
  }

  @Override
  public boolean complete() {
    return !first && !inMember;
  }

  @Override
  public void close() {
    state.close();
  }
}
