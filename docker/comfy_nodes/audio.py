"""Sound: between files and what nodes call AUDIO, {"waveform": [batch, channels, samples], "sample_rate": hertz}."""

from fractions import Fraction

AUDIO_SUFFIXES = {
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/flac": ".flac",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
}
CODECS = {".wav": "pcm_s16le", ".flac": "flac", ".mp3": "libmp3lame", ".m4a": "aac", ".ogg": "libopus"}
# What Opus takes; the others take every usual rate.
OPUS_RATE = 48_000


def read_audio(path, seconds=None):
    """The sound of a file, or of so many seconds from its beginning; None for a file without any."""
    import av
    import numpy
    import torch

    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        channels = min(stream.channels, 2)
        most = None if seconds is None else round(seconds * stream.rate)
        resampler = av.AudioResampler(format="fltp", layout=layout_of(channels), rate=stream.rate)
        pieces, count = [numpy.zeros((channels, 0), numpy.float32)], 0
        for frame in container.decode(stream):
            for piece in resampler.resample(frame):
                pieces.append(piece.to_ndarray())
                count += piece.samples
            if most is not None and count >= most:
                break
        samples = numpy.concatenate(pieces, axis=1)[:, :most]
        return {"waveform": torch.from_numpy(samples)[None], "sample_rate": stream.rate}


def write_audio(path, waveform, sample_rate):
    """Writes one recording, of shape [channels, samples], in the format that the file's suffix names."""
    import av

    with av.open(str(path), "w") as container:
        track = AudioTrack(container, CODECS[path.suffix], waveform, sample_rate)
        track.write()
        track.close()


class AudioTrack:
    """Sound on its way into a file, piece by piece, so that it can keep pace with a picture."""

    def __init__(self, container, codec, waveform, sample_rate):
        samples = waveform.detach().float().cpu().numpy()
        # Of more channels, the first two are left and right.
        self.samples = samples[:2].clip(-1, 1)
        self.sample_rate = int(sample_rate)
        self.written = 0
        self.container = container
        rate = OPUS_RATE if codec == "libopus" else self.sample_rate
        self.stream = container.add_stream(codec, rate=rate, layout=layout_of(len(self.samples)))

    def write(self, seconds=None):
        """Writes what comes before a moment, or all the rest."""
        import av
        import numpy

        total = self.samples.shape[1]
        end = total if seconds is None else min(total, round(seconds * self.sample_rate))
        if end <= self.written:
            return
        piece = numpy.ascontiguousarray(self.samples[:, self.written : end], dtype=numpy.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout_of(len(piece)))
        frame.sample_rate = self.sample_rate
        frame.pts = self.written
        frame.time_base = Fraction(1, self.sample_rate)
        self.written = end
        self.container.mux(self.stream.encode(frame))

    def close(self):
        self.container.mux(self.stream.encode(None))


def layout_of(channels):
    return "mono" if channels == 1 else "stereo"
