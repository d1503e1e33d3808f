#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the configuration of the test cluster into DIR/etc. cluster.sh calls it.
#
#     tests/slurm/slurm_conf.sh DIR
set -euo pipefail
dir=$1
etc=$dir/etc

cat >"$etc/hosts" <<END
127.0.0.1 localhost
10.77.0.1 head
10.77.0.11 n1
10.77.0.12 n2
END

# Nodes claim more cores than the machine has, so that many small jobs run side by side.
cat >"$etc/slurm.conf" <<END
ClusterName=lab
SlurmctldHost=head(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock,cred_expire=10
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmctldPidFile=$dir/slurmctld.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdSpoolDir=$dir/spool-%n
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmdLogFile=$dir/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobcomp.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SlurmctldParameters=preempt_send_user_signal
MpiDefault=pmix
ReturnToService=2
JobRequeue=1
KillWait=5
SlurmdTimeout=20
MinJobAge=300
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
GresTypes=gpu
NodeName=n1 NodeAddr=10.77.0.11 NodeHostname=n1 CPUs=16 RealMemory=16000 Gres=gpu:2
NodeName=n2 NodeAddr=10.77.0.12 NodeHostname=n2 CPUs=16 RealMemory=16000 Gres=gpu:2
PartitionName=low Nodes=n1,n2 Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=15 OverSubscribe=NO
PartitionName=cancel Nodes=n1,n2 PriorityTier=1 PreemptMode=CANCEL GraceTime=15 OverSubscribe=NO
PartitionName=high Nodes=n1,n2 PriorityTier=10 PreemptMode=OFF OverSubscribe=NO
END

# Two dummies that look like devices; tasks are only told their numbers.
mkdir -p "$dir/dev"
for number in 0 1; do mknod "$dir/dev/gpu$number" c 1 3; done
echo "NodeName=n[1-2] Name=gpu File=$dir/dev/gpu[0-1]" >"$etc/gres.conf"
: >"$etc/cgroup.conf"

# For the env.sh of a test: Open MPI in a job takes the cluster's only network, and ranks that share a core do not spin.
cat >"$etc/job-env.sh" <<END
export OMPI_MCA_btl=tcp,self OMPI_MCA_pml=ob1
export OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1
END
