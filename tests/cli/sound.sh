# Sounds from the command line: formats, names that say classes and speakers, spectra; and what is refused.
. "$(dirname "$0")/lib/check.bash"
golden=$FERRY_SOURCE/tests/golden/sound

mkdir -p calls
cp "$golden/pcm16.wav" calls/1_ann_0.wav
cp "$golden/pcm16.flac" calls/0_bob_0.flac
cp "$golden/vorbis.ogg" calls/1_bob_1.ogg

expect 0 data info calls/1_ann_0.wav
says out.txt "source: 1 samples [1, 1500], no labels; 8000 Hz, 0.1875 s"
expect 0 data info calls/1_ann_0.wav rms=0.1
says out.txt "deviation 0.1, over 1 samples"
expect 0 data info calls format=sound names={label}_{group}_{key} rate=16000 seconds=0.25
says out.txt "source: 3 samples [1, 4000], 2 classes, 2 groups; 16000 Hz, 0.25 s"
expect 0 data info calls format=sound names={label}_{group}_{} groups=[bob] spectrogram=mel n_fft=256 hop=100 mels=20
says out.txt "source: 2 samples [1, 20, 16], 2 classes, 2 groups"
expect 0 data check calls format=sound spectrogram=stft n_fft=240 hop=80 range=data
says out.txt "nothing odd"

expect 0 data info calls
says out.txt "source: 3 samples [1, 1500]"

tar -cf calls.tar calls
printf 'calls/1_ann_0.wav,ann\ncalls/0_bob_0.flac,bob\n' > calls.csv
expect 0 data info calls.tar format=sound names={label}_{group}_{key}
says out.txt "3 samples [1, 1500], 2 classes, 2 groups"
expect 0 data info calls.csv format=sound
says out.txt "class bob"

echo "not a sound" > calls/2_eve_0.wav
expect 0 data check calls format=sound
says out.txt "left out '2_eve_0.wav' is no WAV, FLAC or Ogg file: it begins with \"not a sound.\""
expect 1 data check calls format=sound max_broken=0
says err.txt "1 of 4 sounds cannot be read"
expect 1 data info calls format=sound names={label}_{key}_{group}_
says err.txt "is not as the pattern of names"
expect 1 data info calls format=sound 'names={speaker}'
says err.txt "there are {label}, {group}, {key}"
expect 1 data info calls format=sound spectrogram=mel n_fft=250 f_max=9000
says err.txt "lie between 0 and 4000"
expect 1 data info calls format=sound range=signed
says err.txt "the samples of sounds are -1 to 1 already"
expect 1 data info calls format=sound n_fft=256
says err.txt "source.spectrogram"
expect 1 data info calls format=sound crop=3
says err.txt "format=folder|list|classes|tar"
finish
