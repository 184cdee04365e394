#!/bin/bash
# Stand-in for the official env.sh: keeps what the shell had when the runner was configured.
touch .env
for name in LANG JAVA_HOME ANT_HOME M2_HOME ANDROID_HOME ANDROID_SDK_ROOT GRADLE_HOME NVM_BIN NVM_PATH LD_LIBRARY_PATH PERL5LIB; do
    if [ -n "${!name}" ] && ! grep -q "^$name=" .env; then
        echo "$name=${!name}" >> .env
    fi
done
echo "$PATH" > .path
